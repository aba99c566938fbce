# Inlining a function that never returns left its caller without a result.
def never(x):
    steps = 0
    while 7 != 1:
        if steps > x:
            steps += 1


# What a loop assigns was read after it although nothing comes after it.
def assigns(n):
    while 7:
        n = n


def f(x):
    return never(x)
