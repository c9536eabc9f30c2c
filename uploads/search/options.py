"""The options of a search, which are parameters of its URL. Links to other pages and similar searches keep them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """If `by_date`, the latest pictures come first. If `exact`, no word is corrected."""

    by_date: bool = False
    exact: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "SearchOptions":
        """Read the options from the parameters of a page or form. Only `sort=date` and `exact=1` have a meaning."""
        return cls(parameters.get("sort") == "date", parameters.get("exact") == "1")

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of these options, without those that have their default."""
        return ({"sort": "date"} if self.by_date else {}) | ({"exact": "1"} if self.exact else {})

    @property
    def suffix(self) -> str:
        """The parameters as the end of a query string, such as `&sort=date`."""
        return "".join(f"&{name}={value}" for name, value in self.parameters.items())
