"""As much of Redis's protocol as a proxy has to know: where a command or a reply ends, and where
its elements stand."""


def parse(data, at):
    """One command or reply that begins at `at`: (where it ends, [(where, size)] of its elements;
    size -1 is nil). None: it is not whole yet."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    kind, end = data[at:at + 1], line + 2
    if kind in b"+-:":
        return end, []
    if kind == b"$":
        return element(data, at)
    if kind != b"*":
        raise AssertionError(f"{data[at:at + 20]!r} is not Redis's language")
    elements = []
    for _ in range(int(data[at + 1:line])):
        found = element(data, end)
        if not found:
            return None
        end = found[0]
        elements += found[1]
    return end, elements


def element(data, at):
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    size = int(data[at + 1:line])
    end = line + 2 + (size + 2 if size >= 0 else 0)
    return (end, [(line + 2, size)]) if end <= len(data) else None


class Command:
    """`keys`: whom it asks for; `stamped`: which of the fields of HMGET is the stamp."""

    def __init__(self, data, elements):
        words = [bytes(data[at:at + size]) for at, size in elements]
        self.name = words[0].upper()
        self.keys, self.stamped = (), None
        if self.name == b"HMGET":
            self.keys, self.stamped = (words[1],), words.index(b"stamp") - 2
        elif self.name == b"MGET":
            self.keys = tuple(words[1:])
