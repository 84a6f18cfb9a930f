"""Compares rows, files, index and cache, mends what can be mended and tells the rest.

It goes by ids, in short reads and short writes, beside whatever else goes on. What is
being read by a worker or being deleted is left alone, and each write looks again at
what it is about to change. Running it twice at once does no harm.
"""
