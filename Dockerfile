# The image has no PostgreSQL, Kafka or registry of its own: `freshet demo` and `freshet services` are for
# machines without containers.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /freshet
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
WORKDIR /freshet
COPY --from=build /freshet/node_modules ./node_modules
COPY --from=build /freshet/dist ./dist
COPY package.json LICENSE ./
COPY page ./page
COPY docs/runbooks ./docs/runbooks
COPY deploy/compose ./deploy/compose
USER node
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=6 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--disable-warning=TimeoutNegativeWarning", "--max-semi-space-size=8", "--heap-growing-percent=150", "--no-allocation-site-pretenuring", "dist/main.js"]
CMD ["run"]
