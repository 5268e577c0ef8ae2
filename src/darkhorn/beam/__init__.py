"""From protons to mesons at the place of their decay."""
