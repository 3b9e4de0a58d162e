// What a page does with the SDK, and what it can read of each answer.

// The SDK's name in a page without a module loader.
const { Api, createDefaultConfig } = window.add;
const APPLICATION = "6C12345D-9B0C-4F3C-23AB-B5721D098F7B";

$.ajaxSetup({ timeout: 20000 });

/** Status 0 is an answer that the browser keeps from the page. */
function read(call) {
    return new Promise((resolve) => {
        call.done((body, _, { status }) => resolve({ status, body }));
        call.fail(({ status, responseJSON }) => resolve({ status, body: responseJSON }));
    });
}

async function use(host) {
    const api = new Api({ ...createDefaultConfig(), protocol: "http://", host });
    const login = (password) => read(api.authorize.post("test@bimplus.net", password, APPLICATION));
    const redeem = (token) =>
        read(api.request.post(`${api.getApiUrl()}cross-authorize`, JSON.stringify({ cross_token: token })));
    const answers = {};

    answers.wrongPassword = await login("wrong");
    answers.forgotPassword = await read(api.authorize.forgotPassword('{"user_id": "test@bimplus.net"}'));
    answers.withoutToken = await read(api.teams.get());
    answers.projectsWithoutToken = await read(api.projects.get());

    answers.login = await login("test");
    api.setAccessToken(answers.login.body?.access_token);
    answers.teams = await read(api.teams.get());
    answers.user = await read(api.user.get());
    answers.token = await read(api.authorize.checkAccessToken());
    answers.cross = await read(api.authorize.requestCrossToken());

    // From here on, calls for the back end. Before a team is chosen, later versions double a slash.
    answers.projectsOfAnyTeam = await read(api.projects.get());
    api.setTeamSlug(answers.teams.body?.[0].slug);
    answers.projects = await read(api.projects.get());
    const project = answers.projects.body?.[0]?.id;
    answers.newProject = await read(api.projects.post(JSON.stringify({ name: "Annex" })));
    answers.changedProject = await read(api.projects.put(project, JSON.stringify({ name: "Old town hall" })));
    const form = new FormData();
    form.append("file", new Blob(["a plan"], { type: "text/plain" }), "plan.txt");
    answers.attachment = await read(api.objects.postAttachment(project, form));
    answers.deletedProject = await read(api.projects.delete(project));

    const other = new Api({ ...createDefaultConfig(), protocol: "http://", host });
    answers.crossLogin = await redeem(answers.cross.body?.cross_token);
    other.setAccessToken(answers.crossLogin.body?.access_token);
    answers.teamsOfCrossLogin = await read(other.teams.get());
    answers.crossLoginAgain = await redeem(answers.cross.body?.cross_token);

    // The gateway has no such route.
    answers.changedPassword = await read(api.user.putPassword("{}"));
    answers.logout = await read(api.request.del(`${api.getApiUrl()}authorize`));
    answers.loggedOut = await read(api.user.get());
    answers.projectsOfLoggedOut = await read(api.projects.get());
    api.setAccessToken("35eb2b5e94b54d5aafa6b6a7b6e8de01");
    answers.madeUpToken = await read(api.user.get());
    return answers;
}
