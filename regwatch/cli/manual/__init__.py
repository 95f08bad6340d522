"""The manual, made of what can be typed: man pages, and the reference of the documents. Both say
what `--help` says; nothing of it is written twice.
"""
