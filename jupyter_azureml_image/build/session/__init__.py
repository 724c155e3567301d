"""A BuildKit session: the engine asks for the files it lacks instead of being sent them all.

Without one, every build over the engine's API streams the whole context, and the engine
stores, unpacks and hashes it again: for one changed file of 500 MB that took 12 s where buildx
took 0.7 s. `/session` is deprecated since API 1.53 in favour of gRPC on the engine's own
socket, so an engine may refuse it; then the context goes as an archive, as before.

What is said on the wire: the engine, once asked to build, is the gRPC client on the session's
connection and calls `FileSync/DiffCopy` (moby/buildkit `session/filesync`), whose packets are
tonistiigi/fsutil's: STAT for each entry in order, then it asks by number for the files whose
status differs from what it kept of the last build, and ends with FIN.
"""
