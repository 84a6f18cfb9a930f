"""A small, populated installation of each release, kept to prove that later ones take it over.

A volume lies in a folder named by its release: ``volume.tar.xz`` holds what a backup of it holds,
opened, since sealed bytes cannot be compressed; ``sealed/`` holds samples of each way in which the
release encrypts; ``expected.json`` says what whoever restores it has to find.
"""
