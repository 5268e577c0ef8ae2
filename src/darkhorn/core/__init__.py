"""What every room stands on: units, species, rays, points, errors, citations."""
