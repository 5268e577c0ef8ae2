"""Foreign formats to and from Rays; the only room where foreign units are converted."""
