"""What people read: the expert finder and its exports.

Belongs here: opening a published release, deciding who sees what, answering questions from
it. Does not belong here: the warehouse, landing, settings files and the command line. An app
reads nothing but a published release.
"""
