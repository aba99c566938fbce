"""Heat spreading over a plate whose edge is kept at 0: one explicit step in time.

`typing='exact'` keeps a float32 plate in float32: a literal takes the type of what it meets.
"""
from numbra import stencil

# Diffusivity * time step / cell size squared; stable up to 0.25.
RATE = 0.2


@stencil(typing='exact')
def heat(u):
    return u[0, 0] + RATE * (u[-1, 0] + u[1, 0] + u[0, -1] + u[0, 1] - 4 * u[0, 0])
