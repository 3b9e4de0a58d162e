// What the page must have read.

import assert from "node:assert/strict";

const TOKEN = /^[0-9a-f]{32}$/;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TEAM = {
    slug: "head-office",
    name: "Head office",
    displayname: "Head office",
    status: "Active",
    teamWorksConnection: null,
    dataStorageStatus: null,
    ismyteam: true,
    rights: null,
    id: "ee63a82c-4feb-e02f-f34e-90dd1eba5abe",
};

/** The team without its owner, which is some GUID. */
function team({ owner, ...team }) {
    assert.match(owner, GUID);
    return team;
}

function refused(answer, status, error) {
    assert.equal(answer.status, status, JSON.stringify(answer));
    assert.equal(answer.body.error, error);
}

function accepted(answer) {
    assert.equal(answer.status, 200, JSON.stringify(answer));
    return answer.body;
}

/** Takes `expires_in` as a token of that lifetime may have it, a slow machine's too. */
function fresh(seconds, lifetime) {
    assert.ok(Number.isInteger(seconds) && seconds < lifetime && seconds > lifetime - 200, `${seconds}`);
}

function loggedIn(answer) {
    const { access_token, client_id, expires_in, ...rest } = accepted(answer);
    assert.match(access_token, TOKEN);
    assert.match(client_id, GUID);
    fresh(expires_in, 28800);
    assert.deepEqual(rest, { token_type: "BimPlus" });
    return client_id;
}

/** Compares what the gateway answers itself. */
function compareOwn(answers) {
    refused(answers.wrongPassword, 401, "invalid_grant");
    refused(answers.withoutToken, 401, "invalid_token");
    assert.deepEqual(accepted(answers.forgotPassword), {});

    const client = loggedIn(answers.login);
    assert.deepEqual(accepted(answers.teams).map(team), [TEAM]);

    const { id, email, teams } = accepted(answers.user);
    assert.equal(id, "b37b60d4-0f1b-4158-99c4-847254786517");
    assert.equal(email, "test@bimplus.net");
    assert.deepEqual(teams.map((one) => team(one.team)), [TEAM]);

    const { expires_in, ...token } = accepted(answers.token);
    fresh(expires_in, 28800);
    assert.deepEqual(token, { user_id: id, audience: client });

    const { cross_token, ...cross } = accepted(answers.cross);
    assert.match(cross_token, TOKEN);
    fresh(cross.expires_in, 300);
    assert.equal(cross.token_type, "BimPlus");

    assert.notEqual(loggedIn(answers.crossLogin), client);
    assert.deepEqual(accepted(answers.teamsOfCrossLogin).map(team), [TEAM]);
    refused(answers.crossLoginAgain, 401, "invalid_grant");

    assert.deepEqual(accepted(answers.logout), {});
    refused(answers.loggedOut, 401, "invalid_token");
    refused(answers.madeUpToken, 401, "invalid_token");
}

/** Compares what the back end answers, which knows the user from the gateway alone. */
function compareRelayed(answers) {
    for (const listed of [answers.projectsOfAnyTeam, answers.projects]) {
        assert.deepEqual(
            accepted(listed).map(({ name, projectManager }) => [name, projectManager]),
            [["Town hall", "test@bimplus.net"]],
        );
    }
    const { status, body: made } = answers.newProject;
    assert.equal(status, 201, JSON.stringify(answers.newProject));
    assert.deepEqual([made.name, made.projectManager], ["Annex", "test@bimplus.net"]);
    assert.equal(accepted(answers.changedProject).name, "Old town hall");
    const { status: attached, body: attachment } = answers.attachment;
    assert.equal(attached, 201, JSON.stringify(answers.attachment));
    assert.deepEqual([attachment.size, attachment.createdBy], [6, "test@bimplus.net"]);
    assert.deepEqual(accepted(answers.deletedProject), {});
    assert.deepEqual(accepted(answers.changedPassword), {});

    refused(answers.projectsWithoutToken, 401, "invalid_token");
    refused(answers.projectsOfLoggedOut, 401, "invalid_token");
}

export function compare(answers) {
    compareOwn(answers);
    compareRelayed(answers);
}
