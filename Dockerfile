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

# A published port reaches the service only with RACKWATT_HTTP_HOST=0.0.0.0, and that needs an access token:
#   docker run --rm rackwatt token create --name admin --role operate
# config/compose.yaml does both. Only /data is written to: it runs with --read-only.
EXPOSE 8080 1883

# Over HTTP or HTTPS, wherever settings say; those of a file are found when RACKWATT_CONFIG names it.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 \
  CMD ["node", "dist/rackwatt.mjs", "check", "--alive"]

ENTRYPOINT ["node", "dist/rackwatt.mjs"]
CMD ["serve"]
