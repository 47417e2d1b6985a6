# syntax=docker/dockerfile:1

# Builds program and page, then leaves out what only building needed.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN mkdir /data && chown node:node /data

# History, backlog and checkpoints.
ENV NODE_ENV=production RACKWATT_STORE_PATH=/data
VOLUME /data
USER node

# The page listens on the loopback address, which a published port does not reach: run it in the host's network
# (docker run --network host, as config/compose.yaml does) and put a proxy with a login before it. Other addresses
# are refused until access tokens are checked.
EXPOSE 8080 1883

HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.RACKWATT_HTTP_PORT || 8080}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

ENTRYPOINT ["node", "dist/rackwatt.mjs"]
CMD ["serve"]
