# Clients of BIMplus from npm, in a browser. What each does stands in `page.js`.

"$root/tests/install" npm
browser=$(command -v chromium chromium-browser google-chrome | head -n 1 || true)
if [ -z "$browser" ]; then
    "$root/tests/install" chromium
    browser=$(command -v chromium)
fi

lock=$(cksum <"$here/bimplus/package-lock.json")
if ! installed bimplus "$lock"; then
    mkdir "$folder/bimplus"
    cp "$here"/bimplus/package*.json "$folder/bimplus"
    npm --prefix "$folder/bimplus" ci --ignore-scripts --engine-strict --no-audit --no-fund --loglevel=error
    echo "$lock" >"$folder/bimplus.ready"
fi

for version in 0.0.87 0.0.137 1.0.47 1.0.56; do
    client bimplus-websdk $version JavaScript npm '`host` in the configuration of `Api`' \
        node "$here/bimplus/websdk.mjs" "$folder/bimplus/node_modules/bimplus-websdk-$version" "$browser" "$address"
done
