/** Dimensions of a block of pings by the telemetry layout, as tests use them: submitted a day after the build. */
export const DIMENSIONS = {
  reason: "saved_session",
  appName: "Firefox",
  appUpdateChannel: "nightly",
  appVersion: "28.0a1",
  appBuildID: "20131029030201",
  submission_date: "20131030",
};
