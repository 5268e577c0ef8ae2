"""Where a ray meets a detector, what the detector is made of, and what it sees."""
