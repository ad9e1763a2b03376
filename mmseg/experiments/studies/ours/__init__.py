"""Our own studies, which are not from a paper: demo domains, real photographs, tests of start-up, and methods of papers put together."""
