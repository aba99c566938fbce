"""What ends gpu-check with a message."""


class Failure(Exception):
    pass
