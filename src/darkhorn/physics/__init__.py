"""Every formula, and only formulas: pure functions of arrays, one topic a file."""
