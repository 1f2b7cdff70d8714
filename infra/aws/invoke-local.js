// `osls invoke local` runs a function as `trilog` runs: in the virtual environment, and the shell's variables win.
"use strict";

const { existsSync } = require("fs");
const { join } = require("path");

module.exports = class InvokeLocal {
  constructor(serverless, options) {
    this.hooks = {
      initialize: async () => {
        if (serverless.processedInput.commands.join(" ") !== "invoke local") return;
        const { environment } = serverless.service.getFunction(options.function);
        useVirtualEnvironment(serverless.serviceDir);
        useShellVariables(environment, options.stage || "local");
        await substitute(environment, serverless.getProvider("aws"));
      },
    };
  }
};

// osls runs the python3 of VIRTUAL_ENV, if that is set.
function useVirtualEnvironment(folder) {
  const made = join(folder, ".venv");
  if (!process.env.VIRTUAL_ENV && existsSync(made)) process.env.VIRTUAL_ENV = made;
}

function useShellVariables(environment, stage) {
  for (const name of Object.keys(environment)) {
    if (process.env[name]) delete environment[name];
  }
  if (stage === "local" && !process.env.AWS_ENDPOINT_URL) {
    // Without LocalStack the store and the index are the embedded ones.
    delete environment.PIPELINE_STORE;
    delete environment.ELASTICSEARCH_URL;
  }
}

// What CloudFormation does when it deploys.
async function substitute(environment, aws) {
  for (const [name, value] of Object.entries(environment)) {
    if (!value || !value["Fn::Sub"]) continue;
    const account = await aws.getAccountId();
    environment[name] = value["Fn::Sub"].replace("${AWS::AccountId}", account).replace("${AWS::Region}", aws.getRegion());
  }
}
