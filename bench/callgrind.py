"""Reads what callgrind writes: costs by function, and by who calls whom."""
import re

NUMBER = re.compile(r"^(?:0x[0-9a-f]+|[+-]?\d+|\*)(?: |$)")


class Names:
    """"(3) name" the first time, "(3)" after that."""

    def __init__(self):
        self.known = {}

    def __call__(self, text):
        key, _, name = text.partition(" ")
        if name:
            self.known[key] = name
        return self.known.get(key, text)


class Profile:
    """own: {function: instructions}; calls: {(caller, callee): instructions
    with all that the callee called}. A function is (object, file, name), the
    object without its folder."""

    def __init__(self):
        self.own, self.calls, self.total = {}, {}, 0

    def add(self, table, key, cost):
        table[key] = table.get(key, 0) + cost

    def of(self, names):
        """What these functions took, with all that they called."""
        return sum(cost for (_, callee), cost in self.calls.items()
                   if callee[2].partition(".")[0] in names)

    def each(self, shorter, requests):
        """What a request of the difference to a shorter run took."""
        result = Profile()
        result.total = (self.total - shorter.total) / requests
        for mine, others, into in (
                (self.own, shorter.own, result.own),
                (self.calls, shorter.calls, result.calls)):
            for key in set(mine) | set(others):
                cost = mine.get(key, 0) - others.get(key, 0)
                if cost:
                    into[key] = cost / requests
        return result


def base(path):
    return path.rpartition("/")[2]


class Reader:
    """The state that goes from line to line."""

    def __init__(self):
        self.profile = Profile()
        self.objects, self.files, self.functions = Names(), Names(), Names()
        self.object = self.file = "???"
        self.current = self.callee = None
        self.callee_object = self.callee_file = None
        self.is_call = False

    def assign(self, key, value):
        if key == "ob":
            self.object = base(self.objects(value))
        elif key == "fl":
            self.file = self.files(value)
        elif key in ("fi", "fe"):           # inlined: the function's all the
            self.files(value)               # same
        elif key == "fn":
            self.current = self.object, self.file, self.functions(value)
        elif key == "cob":
            self.callee_object = base(self.objects(value))
        elif key in ("cfi", "cfl"):
            self.callee_file = self.files(value)
        elif key == "cfn":
            self.callee = (self.callee_object or self.object,
                           self.callee_file or self.file,
                           self.functions(value))
            self.callee_object = self.callee_file = None
        elif key == "calls":
            self.is_call = True
        elif key in ("totals", "summary"):
            self.profile.total = int(value.split()[0])

    def cost(self, line):
        fields = line.split()
        cost = int(fields[1]) if len(fields) > 1 else 0
        if self.is_call:
            self.profile.add(self.profile.calls,
                             (self.current, self.callee), cost)
        else:
            self.profile.add(self.profile.own, self.current, cost)
        self.is_call = False


def read(path):
    """The Profile of a file of callgrind."""
    reader = Reader()
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if NUMBER.match(line):
                reader.cost(line)
                continue
            found = re.match(r"(\w+)[=:] ?(.*)", line)
            if found:
                reader.assign(found[1], found[2].strip())
    return reader.profile
