# seed 61128, case 568: what stands behind a try that always fails stayed behind its jump
import numpy as np
from numba import njit

@njit
def f(p0, p1):
    p1, v6 = 1, 0.0
    try:
        if (v6 >= v6):
            raise ValueError('a')
    finally:
        pass
# run f [{"dtype":"int32","shape":[3],"strides":[1],"elements":[0.0,0.0,0.0],"readonly":false},0]
