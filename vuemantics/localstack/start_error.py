"""The one error of the local stack."""


class StartError(Exception):
    """A local service cannot run. The text is one clear line with the mend, then perhaps the last lines of its log."""
