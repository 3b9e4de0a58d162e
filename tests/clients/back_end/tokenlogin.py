"""Users, goals and teams of TokenLogin's vendor."""

NAME = "tokenlogin"

USER = {"UserID": "7750ee5d-9b0c-4f3c-23ab-b5721d098f7b", "FirstName": "", "LastName": "", "ImageURL": "", "IsDeleted": False}


def create_user(call):
    names = {"FirstName": call.fields["firstName"], "LastName": call.fields["lastName"]}
    return 201, {**USER, **names, "loginName": call.fields["loginName"], "CreatedBy": call.user}


def show_team(call):
    return 200, {"TeamID": call.path.split("/")[-1], "Name": "Head office", "Members": [call.user]}


def change_goal(call):
    return 200, {"Name": call.fields["Name"], "ChangedBy": call.user}


ROUTES = [
    ("POST", "/api/v1/Users", create_user),
    ("GET", "/api/v1/SustainabilityIndex/Teams/{team}", show_team),
    ("PUT", "/api/v1/Goals/{goal}", change_goal),
]
