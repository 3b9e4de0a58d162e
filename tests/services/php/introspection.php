<?php
// PHP's curl: introspection.

// snippet: introspection
function introspect(string $token, string $management, string $key): array
{
    $curl = curl_init("$management/introspect");
    curl_setopt_array($curl, [
        CURLOPT_POSTFIELDS => http_build_query(['token' => $token]),
        CURLOPT_USERPWD => "archive:$key",
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FAILONERROR => true,
        CURLOPT_TIMEOUT => 5,
    ]);
    $body = curl_exec($curl);
    if ($body === false) {
        throw new RuntimeException(curl_error($curl));
    }
    return json_decode($body, true, flags: JSON_THROW_ON_ERROR);
}
// end

function gateway(string ...$arguments): ?array
{
    $command = ['python3', getenv('PYTHONPATH') . '/gateway.py', ...$arguments];
    $output = shell_exec(implode(' ', array_map('escapeshellarg', $command)));
    return $output ? json_decode($output, true, flags: JSON_THROW_ON_ERROR) : null;
}

function check(bool $holds, mixed $seen): void
{
    if (!$holds) {
        throw new RuntimeException(json_encode($seen));
    }
}

[$management, $key] = [getenv('MANAGEMENT'), getenv('SERVICE_KEY')];
$tokens = gateway('login');
foreach ($tokens as $dialect => $token) {
    $claims = introspect($token, $management, $key);
    $known = [$claims['active'], $claims['username'], $claims['role'], $claims['dialect'], $claims['scope']];
    check($known === [true, 'admin', 'ADMIN', $dialect, 'read write admin'], $claims);
    echo "seen: introspection of $dialect\n";
}
gateway('logout', json_encode($tokens));
foreach ($tokens as $token) {
    check(introspect($token, $management, $key) === ['active' => false], $token);
}
echo "seen: logout at once\n";
