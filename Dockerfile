# One image for all commands: its arguments are watchbridge's. Run "npm run build" first; building needs no network
# but for the base, which may be any image with Node.js 24 at /nodejs/bin/node. Release builds name it by digest.
ARG BASE=gcr.io/distroless/nodejs24-debian13:nonroot
FROM ${BASE}
COPY package.json LICENSE /app/
COPY dist /app/dist
# Events die young: a larger young generation, or an arena of malloc for each thread, only keeps their garbage longer,
# and V8 must not come to make them in the old generation because some lived long once (docs/adr/0027). So little is
# left of them at a collection that threads which help with it cost more than they do (docs/adr/0028).
ENV MALLOC_ARENA_MAX=1
# By number, as Pod Security cannot tell of a name that it is not root. It writes no files.
USER 65532:65532
WORKDIR /app
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=4", "--no-allocation-site-pretenuring", "--no-parallel-scavenge", "/app/dist/main.js"]
