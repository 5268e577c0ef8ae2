"""Likelihoods and fits."""
