export {
  type EventuallyOptions,
  emptyDatabase,
  ensureChromium,
  eventually,
  freePort,
  type ServerHandle,
  type TestDatabase,
} from "@fx-ohlc/embedded";
export { type DocumentedMessage, documentedMessage } from "./documented-messages.js";
export { watchEventLoop } from "./event-loop-watch.js";
export { type FaultProxy, faultProxy } from "./fault-proxy.js";
export { type S3Fault, type S3Link, type S3Request, s3Link } from "./s3-link.js";
export { type StartServiceOptions, startService, type TestService } from "./start-service.js";
export { testDatabase } from "./test-database.js";
export { configureNginx, NGINX, type NginxOptions, type TestNginx, testNginx, whyNoNginx } from "./test-nginx.js";
export { type TestPgbouncer, testPgbouncer } from "./test-pgbouncer.js";
export { type TestPostgres, testPostgres } from "./test-postgres.js";
export { type TestRedis, type TestRedisOptions, testRedis } from "./test-redis.js";
export { type TestRedisCluster, testRedisCluster } from "./test-redis-cluster.js";
export { type TestRedisSentinel, testRedisSentinel } from "./test-redis-sentinel.js";
export { type TestS3, testS3 } from "./test-s3.js";
export { type TestStandby, testPrimary, testStandby } from "./test-standby.js";
