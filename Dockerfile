# One image for all commands: its arguments are watchbridge's. Run "npm run build" first; building needs no network
# but for the base, which may be any image with Node.js 24 at /nodejs/bin/node. Release builds name it by digest.
ARG BASE=gcr.io/distroless/nodejs24-debian13:nonroot
FROM ${BASE}
COPY package.json LICENSE /app/
COPY dist /app/dist
# By number, as Pod Security cannot tell of a name that it is not root. It writes no files.
USER 65532:65532
WORKDIR /app
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/main.js"]
