# Inlining a function that never returns left its caller without a result.
def never(x):
    steps = 0
    while 7 != 1:
        if steps > x:
            steps += 1


def f(x):
    return never(x)
