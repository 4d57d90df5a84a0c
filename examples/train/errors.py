"""What goes wrong in a run, in a sentence for its user."""


class TrainerError(Exception):
    """Printed as it is, without a traceback."""
