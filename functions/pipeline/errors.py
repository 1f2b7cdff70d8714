"""What went wrong, by what the caller does next.

TrilogError
├── ConfigError      fail at once; the message names every bad variable
├── TransientError   try again later: the next run, or a redelivery, resumes (HTTP 503)
│   └── Conflict     somebody else wrote first: read again, then go on
├── NoSuchPlace      a ConfigError and a PermanentError: a path where nothing is; other sources are read all the same
└── PermanentError   report it and do not retry (HTTP 422)
    ├── Unauthorized the credentials are refused: they may have been replaced, so look at the secrets again, once
    └── ObjectError  an object cannot be read, ever: keep a dead letter for it, and go on
        ├── MissingObject
        ├── NotText
        └── CorruptObject
"""


class TrilogError(Exception):
    """The base of all errors that Trilog raises on purpose; its text is meant for the user.

    The text is a template and the values in it, so that it can be shown in the user's language:
    `PermanentError("{path}: no such file. Check the path", path=path)`.
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values


class ConfigError(TrilogError):
    """The configuration cannot work. The message names every bad variable and the remedy."""


class TransientError(TrilogError):
    """Something outside is down, slow or refusing for now. Nothing is lost: run again."""


class Conflict(TransientError):  # noqa: N818 (a fact to act on, not a fault)
    """A conditional write found that another writer had been there first."""


class PermanentError(TrilogError):
    """Trying again cannot help: the object, the credentials or the request is wrong."""


class NoSuchPlace(PermanentError, ConfigError):  # noqa: N818 (a fact to act on)
    """A path or a pattern leads to no file: whoever wrote it has to correct it. Other sources do not wait for that."""


class Unauthorized(PermanentError):  # noqa: N818 (a fact to act on)
    """A server does not know the credentials, or does not let them do what was asked."""


class ObjectError(PermanentError):
    """An object in the store cannot be read, or not to its end."""


class MissingObject(ObjectError):  # noqa: N818 (a fact to act on)
    """There is no such object: it was deleted, or it expired."""


class OddKey(ObjectError):  # noqa: N818 (likewise)
    """An object has a key by which its store cannot be asked for it."""


class NotText(ObjectError):  # noqa: N818 (likewise)
    """An object holds something else than text: an image, a table, what is encrypted. Nothing of it has been read."""


class CorruptObject(ObjectError):  # noqa: N818 (likewise)
    """An object is damaged, incomplete, or not what it seems. What came before the damage has been read."""
