"""The commands that ask a published release, or record what a person decided: one module a command."""
