"""Where programs for Numba look for types and errors: numba.core.types, numba.core.errors."""
