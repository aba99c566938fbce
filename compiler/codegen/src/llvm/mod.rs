//! Native code and PTX through LLVM.
