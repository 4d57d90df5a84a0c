"""What a command refuses."""


class CommandError(Exception):
    """The message is for the one who typed the command."""
