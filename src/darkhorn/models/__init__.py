"""Dark-sector scenarios: parameters and the channels that they open; they name formulas and hold none."""
