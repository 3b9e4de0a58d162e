"""A call that the gateway passed on."""

import json
from email import policy
from email.parser import BytesParser
from urllib.parse import parse_qs, unquote, urlsplit

# What the dialects call their token in a query or a body, in lower case.
NAMES = {"token", "access_token", "api-token", "apitoken"}


class Call:
    def __init__(self, method, target, headers, body):
        self.method = method
        self.headers = headers
        self.body = body
        parts = urlsplit("http://localhost" + target)
        self.path = unquote(parts.path)
        self.filenames = {}
        self.query = one_each(parse_qs(parts.query))
        self.format, self.fields = self.parse()

    @property
    def user(self):
        """The user's name, as the gateway found it by the token."""
        return unquote(self.headers.get("X-Isogloss-User-Name", ""))

    def identity(self, name):
        return unquote(self.headers["X-Isogloss-" + name])

    def parse(self):
        kind = self.headers.get_content_type() if "Content-Type" in self.headers else ""
        if kind == "application/x-www-form-urlencoded":
            return "form", one_each(parse_qs(self.body.decode()))
        if kind == "multipart/form-data":
            return "multipart", self.parts()
        if kind in ("application/json", "text/json") and self.body:
            value = json.loads(self.body)
            return "JSON", value if isinstance(value, dict) else {}
        return "", {}

    def parts(self):
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser(policy=policy.HTTP).parsebytes(head + self.body)
        fields = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="Content-Disposition")
            # The first of several counts, as in a form.
            fields.setdefault(name, part.get_payload(decode=True).decode())
            if filename := part.get_filename():
                self.filenames[name] = filename
        return fields

    def token_places(self):
        """Where the token is, never the token itself."""
        places = []
        if scheme := self.headers.get("Authorization", "").split(" ")[0]:
            places.append(f"header, `{scheme}`")
        for where, fields in (("query", self.query), (self.format, self.fields)):
            places += [f"{where}, `{name}`" for name in fields if name.lower() in NAMES and fields[name]]
        return places


def one_each(values):
    return {name: value[0] for name, value in values.items()}
