# seed 1, case 616: a row of an array in Fortran's order was taken for packed
import numpy as np
from numba import njit

@njit
def f(p0):
    total = 0
    for plane in p0:
        for row in plane:
            total = total * 3 + row.sum()
    return total
# run f [{"dtype":"int64","shape":[3,2,2],"strides":[1,3,6],"elements":[1,2,3,4,5,6,7,8,9,10,11,12],"readonly":true}]
