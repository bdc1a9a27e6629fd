"""The faults a load can end in, each with what a person should do about it.

Belongs here: exception classes and their meaning. Does not belong here: how a
fault is detected (http, paging, landing) or shown (the command line).

A message says what, where, how many and what to do next, and never holds a
personal value or a secret.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of every fault that a connector reports.

    `is_transient` tells the pipeline whether trying again later can help;
    `stops_connection`, whether the connection's other streams would meet the same fault.
    """

    is_transient = False
    stops_connection = False


class ConfigurationError(ConnectorError):
    """The district's configuration is wrong; no request was made."""

    stops_connection = True


class MissingSecret(ConfigurationError):
    """An environment variable that holds a secret is not set."""

    def __init__(self, connection: str, variable: str) -> None:
        self.variable = variable
        super().__init__(
            f"{connection}: the secret {variable} is not set. "
            f"Set the environment variable {variable} or add it to the .env file beside district.yml."
        )


class AuthenticationFailed(ConnectorError):
    """The platform refused the credentials, before or after one refresh."""

    stops_connection = True


class ServerNotTrusted(ConnectorError):
    """The server's key is not the one that was declared; nothing was sent to it."""

    stops_connection = True


class AccessDenied(ConnectorError):
    """The platform knows us, but this stream is not ours to read (403)."""


class PlatformUnavailable(ConnectorError):
    """The platform answered 5xx, or not in time, until the tries ran out."""

    is_transient = True


class PlatformUnreachable(PlatformUnavailable):
    """Nothing answers at the platform's address."""

    stops_connection = True


class RateLimited(ConnectorError):
    """The platform kept answering 429 until the tries ran out."""

    is_transient = True
    stops_connection = True


class IncompleteResponse(ConnectorError):
    """A body ended early or a page set was shorter than the platform's own count."""

    is_transient = True


class PageSetLost(IncompleteResponse):
    """The platform no longer knows the page that comes next: only the page set from its start can be whole."""


class ContractBroken(ConnectorError):
    """The platform answered, but not in the shape of its contract."""


class DeliveryRejected(ConnectorError):
    """The delivery has too many records that do not fit the stream's schema."""


class NoRoomToLand(ConnectorError):
    """What the platform sent can't be written: the disk is full, or a limit is reached."""

    stops_connection = True


class NotFound(ConnectorError):
    """The platform does not know the resource (404 or 410)."""
