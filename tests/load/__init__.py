"""Load: profiles of what people do, limits of what they wait for, and a summary.

``script/load`` runs all of it against an installation of its own; docs/load.md tells how.
"""
