"""The error tree: what a user may see, each with the way out in its message.

RagError                   anything this product raises on purpose
├── UsageError             the call itself is wrong (exit code 2)
│   ├── SettingsError      an unknown or impossible setting
│   └── QuestionError      a question that cannot be asked: empty, too long, unreadable
├── CorpusError            an article or a folder of articles cannot be read
├── IndexFault             the index as a whole
│   ├── IndexMissing       nothing has been indexed there yet
│   ├── IndexDamaged       a file of it is cut short, altered or gone
│   ├── IndexMismatch      made by another version or another embedder
│   └── StoreFailed        the database that holds it cannot be reached, or broke off
├── ModelError             a model
│   ├── ModelMissing       not fetched yet
│   ├── ModelDamaged       its bytes are not the ones we pinned
│   └── ModelFailed        it was asked and did not answer
└── AnswerError            a saved answer is malformed or a quote of it does not hold
"""


class RagError(Exception):
    """Anything this product raises on purpose; its text is one line for the user."""

    exit_code = 1


class UsageError(RagError):
    """The call itself is wrong."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown or impossible."""


class QuestionError(UsageError):
    """A question cannot be asked as it stands."""


class CorpusError(RagError):
    """An article or a folder of articles cannot be read."""


class IndexFault(RagError):
    """Something is wrong with the index as a whole."""


class IndexMissing(IndexFault):
    """Nothing has been indexed there yet."""


class IndexDamaged(IndexFault):
    """A file of the index is cut short, altered or gone."""


class IndexMismatch(IndexFault):
    """The index was made by another version or another embedder."""


class StoreFailed(IndexFault):
    """The database that holds the index cannot be reached, or broke off."""


class ModelError(RagError):
    """Something is wrong with a model."""


class ModelMissing(ModelError):
    """The model has not been fetched yet."""


class ModelDamaged(ModelError):
    """The model's bytes are not the ones that were pinned."""


class ModelFailed(ModelError):
    """The model was asked and did not answer."""


class AnswerError(RagError):
    """A saved answer is malformed, or a quote of it does not hold."""


def first_line(problem: Exception) -> str:
    """Give the first line of a foreign error, 200 characters at most, or its kind."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:200]
