# seed 1, case 254: a slice whose step is 0 was empty
import numpy as np
from numba import njit

@njit
def f(p0, n):
    p0[1::n] = p0[0:4:-2]
# run f [{"dtype":"int64","shape":[4],"strides":[1],"elements":[1,2,3,4],"readonly":false},0]
