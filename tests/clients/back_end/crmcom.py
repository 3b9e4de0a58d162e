"""Business calls of CRM.COM: status 200 and an envelope, whatever happened."""

NAME = "crmcom"


def envelope(data):
    return 200, {"status": {"code": "OK", "message": None, "description": None}, "data": data}


def create_contact(call):
    name = {name: call.fields[name] for name in ("first_name", "last_name")}
    return envelope({"id": "A0B1C2D3E4F5061728394A5B6C7D8E9F", "number": "CI000111", **name, "created_by_user": call.user})


def show_contact(call):
    number = call.query["contact_information_identifier"].removeprefix("number=")
    return envelope({"number": number, "shown_to_user": call.user, "unit": call.identity("Unit")})


def list_subscriptions(call):
    return envelope({"subscriptions": [{"number": "S000001", "life_cycle_state": "EFFECTIVE"}], "read_by_user": call.user})


def create_payment(call):
    return envelope({"id": "0F1E2D3C4B5A69788796A5B4C3D2E1F0", "amount": call.fields["amount"], "created_by_user": call.user})


ROUTES = [
    ("POST", "/crmapi/rest/v2/contact_information/create", create_contact),
    ("GET", "/crmapi/rest/v2/contact_information/show", show_contact),
    ("GET", "/crmapi/rest/v2/subscriptions/list", list_subscriptions),
    ("POST", "/crmapi/rest/v2/payments/create", create_payment),
]
