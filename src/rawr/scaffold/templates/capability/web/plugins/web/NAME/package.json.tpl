{
  "name": "$kebab-web",
  "version": "0.0.0",
  "private": true,
  "type": "module",
  "license": "MIT",
  "engines": {
    "node": ">=20"
  },
  "rawr": {
    "kind": "web",
    "capability": "$name"
  },
  "scripts": {
    "build": "esbuild src/index.ts --bundle --format=esm --target=es2022 --minify --legal-comments=linked --log-level=warning --outdir=dist",
    "types": "tsc"
  },
  "dependencies": {
    "@orpc/client": "1.16.1",
    "@orpc/contract": "1.16.1",
    "@orpc/openapi-client": "1.16.1",
    "esbuild": "0.28.2"
  },
  "devDependencies": {
    "typescript": "5.9.3"
  }
}
