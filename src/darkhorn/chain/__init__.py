"""The pipeline, one stage a file; ``predict`` is the only one that knows the order."""
