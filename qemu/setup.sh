#!/bin/sh
# The one set-up step: npm's packages first (this needs only Node.js and npm), then Debian's (setup/main.ts).
# Does nothing where nothing is missing.
set -eu
cd "$(dirname "$0")/.."

for program in node npm; do
  command -v "$program" >/dev/null || {
    echo "set-up: $program is not installed; install Node.js 18 or later with npm: apt-get install nodejs npm" >&2
    exit 1
  }
done

# package.json's engines: npm itself only warns, and fails later with words that do not say why.
node -e 'process.exit(parseInt(process.versions.node, 10) < 18 ? 1 : 0)' || {
  echo "set-up: Node.js $(node --version) is too old; install 18 or later: Debian 12 has it (apt-get install nodejs npm)" >&2
  exit 1
}

# npm keeps what it installed in node_modules/.package-lock.json: the same packages in the same versions?
# Packages for other systems are optional, and absent.
npm_packages_match() {
  node_modules/.bin/bun --version >/dev/null 2>&1 && node -e '
    const read = (file) => JSON.parse(require("fs").readFileSync(file, "utf8")).packages;
    const wanted = read("package-lock.json");
    const there = read("node_modules/.package-lock.json");
    const differs = ([path, { version, optional }]) =>
      path !== "" && (path in there ? there[path].version !== version : !optional);
    process.exit(Object.entries(wanted).some(differs) || Object.keys(there).some((p) => !(p in wanted)) ? 1 : 0);
  ' 2>/dev/null
}

if ! npm_packages_match; then
  echo "set-up: node_modules does not match package-lock.json: running npm ci"
  # Errors alone: a package asks for a newer Node.js than Debian's, but runs in Bun, and Node.js only runs npm.
  # What npm has from an earlier time need not be asked for.
  npm ci --no-audit --no-fund --prefer-offline --loglevel=error || {
    echo "set-up: npm ci has failed: see that npm reaches its registry (npm ping), then run it again" >&2
    exit 1
  }
fi
exec node_modules/.bin/bun qemu/setup/main.ts
