#!/usr/bin/env node
// Committed, so that npm finds something to link in a checkout that is not built yet.
import '../dist/cli.js';
