"""Carries out the steps of the Dockerfile in a clean system, where no Docker is at hand."""
