"""What adapters and bridge share: platform-neutral messages, ids, notices and the adapter interface.

Standard library only. Adapters import nothing else from this project.
"""
